// titles TERMINALS A_SECOND: so many processes, each on a terminal of its own, together set so many window titles a
// second, until standard input closes; then says how many it were. Compiled to the name of an agent it is one.
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static void sing(double pause_s) {
  struct timespec pause_for = {.tv_sec = (time_t)pause_s, .tv_nsec = (long)((pause_s - (time_t)pause_s) * 1e9)};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (unsigned i = 0;; i++) {
    char line[256];
    int length = snprintf(line, sizeof line, "\033]0;%u %0180d\007", i, 7);
    if (write(1, line, length) < 0) _exit(0);
    nanosleep(&pause_for, NULL);
  }
}

int main(int argc, char **argv) {
  int terminals = argc > 1 ? atoi(argv[1]) : 1;
  double pause_s = argc > 2 ? terminals / atof(argv[2]) : 1;
  struct pollfd *fds = calloc(terminals + 1, sizeof *fds);
  for (int i = 0; i < terminals; i++) {
    int master;
    pid_t pid = forkpty(&master, NULL, NULL, NULL);
    if (pid < 0) return perror("forkpty"), 1;
    if (pid == 0) sing(pause_s);
    fds[i] = (struct pollfd){.fd = master, .events = POLLIN};
  }
  fds[terminals] = (struct pollfd){.fd = 0, .events = POLLIN};
  unsigned long titles = 0;
  static char text[65536];
  while (poll(fds, terminals + 1, -1) >= 0 && fds[terminals].revents == 0) {
    for (int i = 0; i < terminals; i++) {
      if (!(fds[i].revents & POLLIN)) continue;
      ssize_t got = read(fds[i].fd, text, sizeof text);
      for (ssize_t at = 0; at < got; at++) titles += text[at] == 7;
    }
  }
  printf("%lu\n", titles);
}
