// The floor: each second, one pread of every /proc/N/stat that was there at the start, kept open, and nothing
// else: no parsing, no look for new processes. Kernel threads (PF_KTHREAD) are left out.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int fds[65536];

int main(void) {
  int count = 0;
  char path[64], text[4096];
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; (entry = readdir(proc)) && count < 65536;) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    snprintf(path, sizeof path, "/proc/%.20s/stat", entry->d_name);
    int fd = open(path, O_RDONLY);
    if (fd < 0) continue;
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    unsigned flags = 0;
    if (length > 0) {
      text[length] = 0;
      char *end = strrchr(text, ')');
      if (end) sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %u", &flags);
    }
    if (length > 0 && !(flags & 0x00200000))
      fds[count++] = fd;
    else
      close(fd);
  }
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (;;) {
    for (int i = 0; i < count; i++)
      if (pread(fds[i], text, sizeof text, 0) < 0) text[0] = 0;
    next.tv_sec++;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
}
