// idle: nothing. Compiled to the name of an agent and run on a terminal it is one.
#include <unistd.h>

int main(void) {
  for (;;) pause();
}
