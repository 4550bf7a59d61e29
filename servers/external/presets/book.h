/* What the designs of book.c share: the service, a listener, and descriptors that are passed on. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 24 };

static int listener;
static char letters[1 << 16];

static void fail(const char *call) {
  fprintf(stderr, "error: %s: %s\n", call, strerror(errno));
  exit(1);
}

/* ---- the service ---- */

static int send_letters(int fd, long due) {
  while (due > 0) {
    ssize_t sent = write(fd, letters, due < (long)sizeof letters ? due : (long)sizeof letters);
    if (sent < 0) return -1;
    due -= sent;
  }
  return 0;
}

/* Ends with the connection, or at a request that is malformed or for too much. */
static void serve(int fd) {
  char input[4096];
  long asked = 0, due;
  for (ssize_t length; (length = read(fd, input, sizeof input)) > 0;) {
    due = 0;
    for (ssize_t i = 0; i < length; i++) {
      if (input[i] >= '0' && input[i] <= '9' && asked <= MOST_BYTES) {
        asked = 10 * asked + input[i] - '0';
      } else if (input[i] == '\n' && asked > 0 && asked <= MOST_BYTES) {
        due += asked;
        asked = 0;
      } else {
        goto end;
      }
    }
    if (send_letters(fd, due) < 0) break;
  }
end:
  close(fd);
}

/* ---- sockets ---- */

static void listen_at(int port) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  int on = 1;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  if (listen(listener, 1024) < 0) fail("listen");
}

/* A connection; a call that was interrupted, or one that the client gave up meanwhile, is made again. */
static int next_client(void) {
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) return fd;
    if (errno != EINTR && errno != ECONNABORTED) fail("accept");
  }
}

/* A message of one byte, with a descriptor. */
struct message {
  struct msghdr header;
  struct iovec part;
  char byte, control[CMSG_SPACE(sizeof(int))];
};

static struct msghdr *message(struct message *m) {
  memset(m, 0, sizeof *m);
  m->part = (struct iovec){ &m->byte, 1 };
  m->header = (struct msghdr){ .msg_iov = &m->part, .msg_iovlen = 1, .msg_control = m->control, .msg_controllen = sizeof m->control };
  return &m->header;
}

static void pass(int socket, int fd) {
  struct message m;
  struct cmsghdr *control = CMSG_FIRSTHDR(message(&m));
  control->cmsg_level = SOL_SOCKET, control->cmsg_type = SCM_RIGHTS, control->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(control), &fd, sizeof fd);
  if (sendmsg(socket, &m.header, 0) < 0) fail("sendmsg");
  close(fd);
}
