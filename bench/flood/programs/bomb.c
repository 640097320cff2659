// bomb N: forks until N processes are there, all of them running, for as long as its standard input is open.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 0;
  pid_t first = getpid();
  for (int made = 0; made < count; made++) {
    pid_t pid = fork();
    if (pid < 0) break;
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != first) return 0;
      for (volatile unsigned long i = 0;; i++) {}
    }
  }
  struct pollfd in = {.fd = 0, .events = POLLIN};
  poll(&in, 1, -1);
}
