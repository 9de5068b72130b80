/* SPDX-License-Identifier: MIT
 * Family: clone for threads: mutexes, conditions, thread-local storage, keys, robust mutexes, cancellation. */
#include "report.h"
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static pthread_barrier_t bar;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static sem_t sem;
static int counter, turn, onces, destroyed, serial;
static __thread int local = 5;

static void first(void) { onces++; }
static void destroy(void *p) { destroyed += *(int *)p; }

static void *count(void *arg)
{
    pthread_once(&once, first);
    int mine = (int)(long)arg;
    static int one = 1;
    pthread_setspecific(key, &one);
    local += mine;
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&m);
        counter++;
        pthread_mutex_unlock(&m);
        if (i % 100 == 0)
            sched_yield();
    }
    if (pthread_barrier_wait(&bar) == PTHREAD_BARRIER_SERIAL_THREAD)
        serial++;
    return (void *)(long)local;
}

#include <sched.h>
static void *ping(void *arg)
{
    int me = (int)(long)arg;
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&m);
        while (turn != me)
            pthread_cond_wait(&c, &m);
        turn = !me;
        pthread_cond_broadcast(&c);
        pthread_mutex_unlock(&m);
    }
    return 0;
}

static void *dies_holding(void *lock)
{
    pthread_mutex_lock(lock);
    return 0;
}
static void *sleeps(void *arg)
{
    (void)arg;
    for (;;)
        sleep(100);
    return 0;
}
static void *posts(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        sem_post(&sem);
    pthread_rwlock_rdlock(&rw);
    pthread_rwlock_unlock(&rw);
    return 0;
}

int main(void)
{
    pthread_t t[4];
    void *r;
    long sum = 0;
    setvbuf(stdout, 0, _IONBF, 0);
    pthread_key_create(&key, destroy);
    pthread_barrier_init(&bar, 0, 4);
    for (long i = 0; i < 4; i++)
        must("create", pthread_create(&t[i], 0, count, (void *)(i + 1)) == 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], &r);
        sum += (long)r;
    }
    printf("counter %d locals %ld mine %d once %d keys %d serial %d\n", counter, sum, local, onces, destroyed, serial);

    pthread_create(&t[0], 0, ping, (void *)0);
    pthread_create(&t[1], 0, ping, (void *)1);
    pthread_join(t[0], 0);
    pthread_join(t[1], 0);
    number("ping-pong done, turn", turn);

    sem_init(&sem, 0, 0);
    pthread_create(&t[0], 0, posts, 0);
    for (int i = 0; i < 3; i++)
        sem_wait(&sem);
    pthread_join(t[0], 0);
    number("semaphore", sem_trywait(&sem));

    pthread_mutexattr_t at;
    pthread_mutexattr_init(&at);
    pthread_mutexattr_setrobust(&at, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_t robust;
    pthread_mutex_init(&robust, &at);
    pthread_create(&t[0], 0, dies_holding, &robust);
    pthread_join(t[0], 0);
    text("robust lock", errno_name(pthread_mutex_lock(&robust)));
    number("made consistent", pthread_mutex_consistent(&robust));
    number("unlock", pthread_mutex_unlock(&robust));

    pthread_mutexattr_init(&at);
    pthread_mutexattr_settype(&at, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_t check;
    pthread_mutex_init(&check, &at);
    pthread_mutex_lock(&check);
    text("deadlock found", errno_name(pthread_mutex_lock(&check)));
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_nsec += 1000000;
    if (ts.tv_nsec >= 1000000000)
        ts.tv_sec++, ts.tv_nsec -= 1000000000;
    pthread_mutex_lock(&m);
    text("timed wait", errno_name(pthread_cond_timedwait(&c, &m, &ts)));
    pthread_mutex_unlock(&m);

    pthread_create(&t[0], 0, sleeps, 0);
    usleep(1000);
    number("cancel", pthread_cancel(t[0]));
    pthread_join(t[0], &r);
    number("cancelled", r == PTHREAD_CANCELED);
    pthread_create(&t[0], 0, sleeps, 0);
    pthread_detach(t[0]);

    int st;
    if (fork() == 0) {
        pthread_create(&t[1], 0, sleeps, 0);
        exit(3); /* ends the other thread too */
    }
    wait(&st);
    number("fork with threads", WEXITSTATUS(st));
    if (fork() == 0) {
        pthread_create(&t[1], 0, sleeps, 0);
        pthread_kill(t[1], SIGKILL);
        pause();
    }
    wait(&st);
    number("a signal ends all", WTERMSIG(st));
    printf("end\n");
    return 0;
}
