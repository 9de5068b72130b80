// SPDX-License-Identifier: MIT
// tcc.h switches libtcc's lock on without asking. The chain's tcc has one
// thread, which finds the lock open every time.
typedef int sem_t;

static inline int sem_init(sem_t *lock, int shared, unsigned count)
{
    (void)shared;
    *lock = (int)count;
    return 0;
}

static inline int sem_wait(sem_t *lock)
{
    --*lock;
    return 0;
}

static inline int sem_post(sem_t *lock)
{
    ++*lock;
    return 0;
}
