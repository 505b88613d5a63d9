/* Columns: all ever made, the pool of those that the linear programs see, and exact pricing. */
#ifndef MECBOPT_TREE_COLUMNS_H
#define MECBOPT_TREE_COLUMNS_H

#include "tree/tables.h"

typedef struct {
    const mb_instance *instance;
    int m;
    uint32_t count, capacity; /* all columns ever generated */
    mb_set *blocks;           /* [id][m] */
    int32_t *position;        /* [id]: place in the pool, or -1 */
    uint64_t *key;            /* [id] */
    uint32_t *hash;           /* open addressing, id + 1, 0 = free */
    uint32_t hash_size;
    int size, pool_capacity;       /* the pool: columns that the linear programs see */
    int moved;                     /* whether columns left it, so that others changed their places */
    uint32_t *id;                  /* [position] */
    mb_set *block[MB_MAX_LETTERS]; /* [y][position] */
    uint32_t *last_used;           /* [position] */
    double *rate, *label;          /* [position]: coefficients in the rows of rate and label */
} mb_columns;

typedef struct {
    double *score; /* [y][A]: what is priced */
    double *value; /* [stage][A] */
    double *last;  /* [A]: best total with A as the last block */
} mb_pricing;

int mb_columns_build(mb_columns *columns, const mb_instance *instance, int pool_capacity);
void mb_columns_free(mb_columns *columns);
int mb_columns_add(mb_columns *columns, const mb_instance *instance, const mb_set *blocks);
int mb_columns_enter(mb_columns *columns, uint32_t id);
void mb_columns_remove(mb_columns *columns, int position);
int mb_pricing_build(mb_pricing *pricing, const mb_instance *instance);
void mb_pricing_free(mb_pricing *pricing);
double mb_price(mb_pricing *pricing, const mb_instance *instance, int rotation);
void mb_price_blocks(const mb_pricing *pricing, const mb_instance *instance, int rotation, int last, mb_set *blocks);

#endif
