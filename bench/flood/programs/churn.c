// churn: processes that start a program with long arguments and end, one after the other, as fast as can be.
// Says how many there were when its standard input closes. The other side of it is /bin/true.
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

int main(void) {
  static char long_argument[4096];
  memset(long_argument, 'x', sizeof long_argument - 1);
  char *args[] = {"/bin/true", long_argument, NULL};
  unsigned long made = 0;
  struct pollfd in = {.fd = 0, .events = POLLIN};
  while (poll(&in, 1, 0) == 0) {
    pid_t pid;
    if (posix_spawn(&pid, args[0], NULL, NULL, args, environ) == 0) waitpid(pid, NULL, 0), made++;
  }
  printf("%lu\n", made);
}
