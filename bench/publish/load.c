// Load for bench/publish: one program, one thread, epoll.
//   load serve PORT                     accepts; what comes is read and thrown away
//   load connect ADDRESS PORT SECONDS   64 connects at a time, each reset at once: "CONNECTIONS_PER_SECOND P50_US P99_US FAILED"
//   load stream ADDRESS PORT SECONDS    one stream: "GBIT_PER_SECOND"
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 64, CHUNK = 128 * 1024, MAX_SAMPLES = 4 << 20, PATIENCE_US = 1000000 };

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in address(const char *ip, const char *port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, ip, &a.sin_addr) != 1) die(ip);
  return a;
}

_Noreturn static void serve(const char *port) {
  static char buffer[CHUNK];
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0), one = 1;
  struct sockaddr_in any = address("0.0.0.0", port);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 4096)) die("listen");
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd != listener) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got == 0 || (got < 0 && errno != EAGAIN)) close(fd);
        continue;
      }
      while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
        event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
      }
    }
  }
}

static uint64_t started[65536];
static uint32_t *samples;
static size_t taken;

static int begin(int poll, const struct sockaddr_in *to) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  if (fd < 0 || fd >= 65536) die("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  started[fd] = now_us();
  if (connect(fd, (const struct sockaddr *)to, sizeof *to) && errno != EINPROGRESS) die("connect");
  struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
  return epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

static int ascending(const void *a, const void *b) {
  return (*(const uint32_t *)a > *(const uint32_t *)b) - (*(const uint32_t *)a < *(const uint32_t *)b);
}

static int connects(const char *ip, const char *port, double seconds) {
  struct sockaddr_in to = address(ip, port);
  struct linger reset = {1, 0};
  struct epoll_event events[AT_ONCE];
  int poll = epoll_create1(0);
  uint64_t failed = 0, first = now_us(), end = first + (uint64_t)(seconds * 1e6), now;
  samples = malloc(MAX_SAMPLES * sizeof *samples);
  for (int i = 0; i < AT_ONCE; i++) begin(poll, &to);
  while ((now = now_us()) < end) {
    int count = epoll_wait(poll, events, AT_ONCE, 100);
    now = now_us();
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd, error = 0;
      socklen_t length = sizeof error;
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
      if (error) failed++;
      else if (taken < MAX_SAMPLES) samples[taken++] = (uint32_t)(now - started[fd]);
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);  // no TIME_WAIT: the client's ports last
      close(fd);
      begin(poll, &to);
    }
  }
  double took = (double)(now_us() - first) / 1e6;
  qsort(samples, taken, sizeof *samples, ascending);
  if (!taken) samples[0] = 0;
  printf("%.0f %u %u %lu\n", (double)taken / took, samples[taken / 2], samples[taken ? taken * 99 / 100 : 0], (unsigned long)failed);
  return 0;
}

static int stream(const char *ip, const char *port, double seconds) {
  static char buffer[CHUNK];
  struct sockaddr_in to = address(ip, port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
  uint64_t first = now_us(), end = first + (uint64_t)(seconds * 1e6), sent = 0;
  while (now_us() < end) {
    ssize_t wrote = write(fd, buffer, sizeof buffer);
    if (wrote < 0) die("write");
    sent += (uint64_t)wrote;
  }
  printf("%.2f\n", (double)sent * 8 / (double)(now_us() - first) / 1e3);
  return 0;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc == 3 && !strcmp(argv[1], "serve")) serve(argv[2]);
  if (argc == 5 && !strcmp(argv[1], "connect")) return connects(argv[2], argv[3], atof(argv[4]));
  if (argc == 5 && !strcmp(argv[1], "stream")) return stream(argv[2], argv[3], atof(argv[4]));
  fprintf(stderr, "load serve PORT | load connect|stream ADDRESS PORT SECONDS\n");
  return 2;
}
