// One packet's way for bench/publish/parts: the sender's CPU carries it through all three namespaces within send(2) (veth hands it on in the same softirq), so
// the low percentiles of that call's time are the way's cost whatever else the machine does.
//   packet serve PORT             answers each datagram of 32 bytes by two, and times the second
//   packet ADDRESS PORT COUNT     new flows: ns of the first packet, of one that goes on, of an answer; 10th percentiles
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { ASK = 32, GO_ON = 31, REPORT = 1, MOST = 100000 };
static uint32_t first[MOST], later[MOST];

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  return (*(const uint32_t *)a > *(const uint32_t *)b) - (*(const uint32_t *)a < *(const uint32_t *)b);
}

static uint32_t low(uint32_t *samples, int count) {
  qsort(samples, (size_t)count, sizeof *samples, ascending);
  return count ? samples[count / 10] : 0;
}

static uint32_t timed(int fd, const char *bytes, size_t length, const struct sockaddr_in *to) {
  uint64_t start = now_ns();
  sendto(fd, bytes, length, 0, (const struct sockaddr *)to, to ? sizeof *to : 0);
  return (uint32_t)(now_ns() - start);
}

static void serve(int port) {
  char buffer[64];
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}, from;
  int fd = socket(AF_INET, SOCK_DGRAM, 0), count = 0;
  if (bind(fd, (struct sockaddr *)&any, sizeof any)) exit(1);
  for (;;) {
    socklen_t length = sizeof from;
    ssize_t got = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length);
    if (got == REPORT) {
      int size = sprintf(buffer, "%u", low(first, count));
      sendto(fd, buffer, (size_t)size + 1, 0, (struct sockaddr *)&from, length);
      count = 0;
    } else if (got == ASK) {
      timed(fd, buffer, GO_ON, &from);
      uint32_t took = timed(fd, buffer, GO_ON, &from);
      if (count < MOST) first[count++] = took;
    }
  }
}

int main(int argc, char **argv) {
  char buffer[64] = "";
  if (argc == 3) serve(atoi(argv[2]));
  if (argc != 4) return 2;
  int count = atoi(argv[3]), done = 0;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
  struct timeval patience = {0, 200000};
  if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) return 2;
  for (int i = 0; i < count && i < MOST; i++) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to)) return 1;
    uint32_t took = timed(fd, buffer, ASK, NULL);
    if (recv(fd, buffer, sizeof buffer, 0) > 0 && recv(fd, buffer, sizeof buffer, 0) > 0) {
      first[done] = took;
      timed(fd, buffer, GO_ON, NULL);
      later[done++] = timed(fd, buffer, GO_ON, NULL);
    }
    if (i == count - 1) {
      send(fd, buffer, REPORT, 0);
      ssize_t got;
      // Answers to what went before come first.
      while ((got = recv(fd, buffer, sizeof buffer, 0)) == GO_ON) {}
      if (got < 0) return 1;
    }
    close(fd);
  }
  printf("%u %u %s\n", low(first, done), low(later, done), buffer);
  return 0;
}
