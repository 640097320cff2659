// bigargv arg|env MEGABYTES: says that its arguments, or its environment, lie in a huge empty mapping
// (PR_SET_MM_MAP, prctl(2); it takes no privilege), and sleeps.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  int environment = strcmp(argv[1], "env") == 0;
  size_t bytes = strtoull(argv[2], NULL, 10) << 20;
  char *space = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) return perror("mmap"), 1;
  char line[4096];
  FILE *file = fopen("/proc/self/stat", "r");
  line[fread(line, 1, sizeof line - 1, file)] = 0;
  fclose(file);
  // Numbers of the fields as in proc_pid_stat(5); the state behind the name is the third.
  unsigned long long field[64] = {0};
  int at = 3;
  for (char *word = strtok(strrchr(line, ')') + 2, " "); word && at < 64; word = strtok(NULL, " "))
    field[at++] = strtoull(word, NULL, 10);
  struct prctl_mm_map map = {
      .start_code = field[26], .end_code = field[27], .start_stack = field[28],
      .start_data = field[45], .end_data = field[46], .start_brk = field[47], .brk = (uint64_t)sbrk(0),
      .arg_start = field[48], .arg_end = field[49], .env_start = field[50], .env_end = field[51], .exe_fd = -1,
  };
  if (environment) map.env_start = (uint64_t)space, map.env_end = (uint64_t)space + bytes;
  else map.arg_start = (uint64_t)space, map.arg_end = (uint64_t)space + bytes;
  if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) != 0) return perror("prctl"), 1;
  for (;;) pause();
}
