/* Nanoseconds of one 1-byte read() of /dev/zero and one 1-byte write() to /dev/null, by an unrelated process. */
/* Usage: iocost [calls] [times]: one line for each time, both figures for that many calls. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv) {
  long n = argc > 1 ? atol(argv[1]) : 1000000;
  long times = argc > 2 ? atol(argv[2]) : 1;
  int in = open("/dev/zero", O_RDONLY), out = open("/dev/null", O_WRONLY);
  char byte = 0;
  while (times-- > 0) {
    double start = now();
    for (long i = 0; i < n; i++)
      if (read(in, &byte, 1) != 1) return 1;
    double middle = now();
    for (long i = 0; i < n; i++)
      if (write(out, &byte, 1) != 1) return 1;
    printf("%.2f %.2f\n", (middle - start) / n, (now() - middle) / n);
  }
}
