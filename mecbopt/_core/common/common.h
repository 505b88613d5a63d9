/* What the public headers share (read by cffi: typedefs and prototypes only). */
#ifndef MECBOPT_COMMON_COMMON_H
#define MECBOPT_COMMON_COMMON_H

/* Asked by long work about every 50 ms; an answer other than 0 ends it as soon as its state is valid. */
typedef int (*core_question)(void);

#endif
