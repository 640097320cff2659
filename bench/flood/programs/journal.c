// journal: what journalctl -f -o json writes, without end: warnings of services, and failures of units that a user
// made up. Stands in for journalctl, whose arguments it takes no notice of.
#include <stdio.h>
#include <string.h>

int main(void) {
  static char message[3000];
  memset(message, 'm', sizeof message - 1);
  for (unsigned long i = 0;; i++) {
    const char *form = i % 2 == 0
      ? "{\"__REALTIME_TIMESTAMP\":\"%lu\",\"__MONOTONIC_TIMESTAMP\":\"%lu\",\"PRIORITY\":\"3\",\"_UID\":\"61001\",\"_PID\":\"4242\","
        "\"SYSLOG_IDENTIFIER\":\"noise\",\"_SYSTEMD_UNIT\":\"noise-%lu.service\",\"MESSAGE\":\"%s\"}\n"
      : "{\"__REALTIME_TIMESTAMP\":\"%lu\",\"__MONOTONIC_TIMESTAMP\":\"%lu\",\"PRIORITY\":\"4\",\"_UID\":\"61001\",\"_PID\":\"4242\","
        "\"MESSAGE_ID\":\"be02cf6855d2428ba40df7e9d022f03d\",\"SYSLOG_IDENTIFIER\":\"systemd\",\"USER_UNIT\":\"noise-%lu.service\",\"MESSAGE\":\"%s\"}\n";
    if (printf(form, 1700000000000000 + i, 1000000 + i, i, message) < 0) return 0;
  }
}
