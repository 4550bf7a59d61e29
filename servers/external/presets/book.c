/*
 * The nine designs of UNP chapter 30 in C, to stand beside those in TypeScript: what does the language cost?
 *
 *   book DESIGN PORT CHILDREN
 *
 * The service is the book's: a line with a decimal count is answered with that many bytes, until the client closes.
 * SIGTERM ends it.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "book.h"

enum { MOST_CHILDREN = 4096, RING = 1024 };

static int count;
static pid_t children[MOST_CHILDREN];

/* ---- locks around accept ---- */

static int lock_file;
static pthread_mutex_t *mutex;

static void no_lock(void) {}
static void lock_by_file(void) { if (lockf(lock_file, F_LOCK, 0) < 0) fail("lockf"); }
static void unlock_by_file(void) { if (lockf(lock_file, F_ULOCK, 0) < 0) fail("lockf"); }
static void lock_by_mutex(void) { pthread_mutex_lock(mutex); }
static void unlock_by_mutex(void) { pthread_mutex_unlock(mutex); }

static void (*lock)(void) = no_lock, (*unlock)(void) = no_lock;

static void use_file(void) {
  FILE *file = tmpfile();
  if (file == NULL) fail("tmpfile");
  lock_file = fileno(file);
  lock = lock_by_file, unlock = unlock_by_file;
}

static void use_mutex(void) {
  pthread_mutexattr_t attributes;
  mutex = mmap(NULL, sizeof *mutex, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mutex == MAP_FAILED) fail("mmap");
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(mutex, &attributes);
  lock = lock_by_mutex, unlock = unlock_by_mutex;
}

static void *accept_forever(void *unused) {
  for (;;) {
    lock();
    int fd = next_client();
    unlock();
    serve(fd);
  }
  return unused;
}

/* ---- processes ---- */

static void end(int signal) {
  (void)signal;
  for (int i = 0; i < count; i++) if (children[i] > 0) kill(children[i], SIGTERM);
  for (int i = 0; i < count; i++) if (children[i] > 0) waitpid(children[i], NULL, 0);
  _exit(0);
}

static void reap(int signal) {
  (void)signal;
  int saved = errno;
  while (waitpid(-1, NULL, WNOHANG) > 0) {}
  errno = saved;
}

static pid_t fork_child(void) {
  pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) signal(SIGTERM, SIG_DFL);
  return pid;
}

static void iterative(void) { accept_forever(NULL); }

static void fork_per_client(void) {
  signal(SIGCHLD, reap);
  for (;;) {
    int fd = next_client();
    if (fork_child() == 0) {
      close(listener);
      serve(fd);
      _exit(0);
    }
    close(fd);
  }
}

static void prefork(void) {
  for (int i = 0; i < count; i++) if ((children[i] = fork_child()) == 0) accept_forever(NULL);
  for (;;) pause();
}

static void prefork_file(void) { use_file(), prefork(); }
static void prefork_mutex(void) { use_mutex(), prefork(); }

/* Serves what it is passed, and tells when it is free again; ends with its parent. */
static void serve_passed(int socket) {
  struct message m;
  while (recvmsg(socket, message(&m), 0) > 0) {
    int fd;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m.header)), sizeof fd);
    serve(fd);
    if (write(socket, "", 1) < 0) break;
  }
  _exit(0);
}

/* The parent accepts while a child is free, and passes the connection to the first one that is. */
static void prefork_passing(void) {
  static struct pollfd polled[MOST_CHILDREN + 1];
  static char busy[MOST_CHILDREN];
  for (int i = 0; i < count; i++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) fail("socketpair");
    if ((children[i] = fork_child()) == 0) close(listener), close(pair[0]), serve_passed(pair[1]);
    close(pair[1]);
    polled[i] = (struct pollfd){ .fd = pair[0], .events = POLLIN };
  }
  struct pollfd *accepting = &polled[count];
  accepting->events = POLLIN;
  for (int free = count;;) {
    accepting->fd = free > 0 ? listener : -1;
    if (poll(polled, count + 1, -1) < 0) fail("poll");
    if (accepting->revents & POLLIN) {
      int first = 0;
      while (busy[first]) first++;
      busy[first] = 1, free--;
      pass(polled[first].fd, next_client());
    }
    for (int i = 0; i < count; i++) {
      char byte;
      if (!(polled[i].revents & (POLLIN | POLLHUP))) continue;
      if (read(polled[i].fd, &byte, 1) != 1) fail("read from a child");
      busy[i] = 0, free++;
    }
  }
}

/* ---- threads ---- */

static void start(void *(*run)(void *), void *argument) {
  pthread_t thread;
  if ((errno = pthread_create(&thread, NULL, run, argument)) != 0) fail("pthread_create");
  pthread_detach(thread);
}

static void *serve_one(void *fd) { return serve((int)(long)fd), NULL; }

static void thread_per_client(void) {
  for (;;) start(serve_one, (void *)(long)next_client());
}

static void prethread_mutex(void) {
  use_mutex();
  for (int i = 0; i < count; i++) start(accept_forever, NULL);
  for (;;) pause();
}

/* Connections on their way to a thread. */
static int ring[RING], head, tail;
static pthread_mutex_t ring_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;

static void *serve_from_ring(void *unused) {
  for (;;) {
    pthread_mutex_lock(&ring_mutex);
    while (head == tail) pthread_cond_wait(&not_empty, &ring_mutex);
    int fd = ring[tail++ % RING];
    pthread_cond_signal(&not_full);
    pthread_mutex_unlock(&ring_mutex);
    serve(fd);
  }
  return unused;
}

static void prethread_main(void) {
  for (int i = 0; i < count; i++) start(serve_from_ring, NULL);
  for (;;) {
    int fd = next_client();
    pthread_mutex_lock(&ring_mutex);
    while (head - tail == RING) pthread_cond_wait(&not_full, &ring_mutex);
    ring[head++ % RING] = fd;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&ring_mutex);
  }
}

/* ---- the program ---- */

static const struct { const char *name; void (*run)(void); } designs[] = {
  { "iterative", iterative },
  { "fork-per-client", fork_per_client },
  { "prefork-shared-accept", prefork },
  { "prefork-file-lock", prefork_file },
  { "prefork-mutex", prefork_mutex },
  { "prefork-fd-passing", prefork_passing },
  { "thread-per-client", thread_per_client },
  { "prethread-mutex", prethread_mutex },
  { "prethread-main-accept", prethread_main },
};

int main(int argc, char **argv) {
  for (size_t i = 0; argc == 4 && i < sizeof designs / sizeof *designs; i++) {
    if (strcmp(argv[1], designs[i].name) != 0) continue;
    count = atoi(argv[3]);
    if (count < 1 || count > MOST_CHILDREN) break;
    memset(letters, 'A', sizeof letters);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, end);
    listen_at(atoi(argv[2]));
    designs[i].run();
  }
  fprintf(stderr, "usage: book DESIGN PORT CHILDREN\n");
  return 2;
}
