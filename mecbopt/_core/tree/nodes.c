/* Open nodes: compact storage of boxes and bases, and the heap that orders them by bound. */
#include "tree/search.h"

/* float bounds are rounded outward: a box may grow by 1e-7 of its size, never shrink. */
static float below(double value) {
    const float rounded = (float)value;
    return (double)rounded > value ? nextafterf(rounded, -1.0f) : rounded;
}

static float above(double value) {
    const float rounded = (float)value;
    return (double)rounded < value ? nextafterf(rounded, 8.0f) : rounded;
}

typedef struct {
    size_t boxes, touches, ids, rows, states, marks, total;
} layout;

static layout layout_of(const mb_search *search, int size) {
    layout at;
    const size_t cells = (size_t)search->instance.cells, k = (size_t)size;
    at.boxes = 0;
    at.touches = at.boxes + 2 * cells * sizeof(float);
    at.ids = at.touches + (search->settings.sharpening ? 2 * cells * sizeof(float) : 0);
    at.rows = at.ids + k * sizeof(uint32_t);
    at.states = at.rows + k * sizeof(uint16_t);
    at.marks = at.states + k;
    at.total = at.marks + (cells + 7) / 8;
    return at;
}

/* A node with the present basis of the node's linear program; NULL when out of memory. */
mb_node *mb_node_new(mb_search *search, const double *lower, const double *upper, double bound) {
    const mb_simplex *lp = &search->node_lp;
    const layout at = layout_of(search, lp->size);
    mb_node *node = core_malloc(sizeof(mb_node) + at.total);
    if (!node) return NULL;
    node->bound = bound;
    node->order = search->created++;
    node->size = (uint16_t)lp->size;
    node->depth = node->done = 0;
    unsigned char *bytes = node->bytes;
    for (int cell = 0; cell < lp->cells; cell++) {
        const float ends[2] = {below(lower[cell]), above(upper[cell])};
        memcpy(bytes + at.boxes + sizeof ends * (size_t)cell, ends, sizeof ends);
    }
    for (int cell = 0; cell < lp->cells && search->settings.sharpening; cell++) {
        const float ends[2] = {(float)search->touch_from[cell], (float)search->touch_to[cell]};
        memcpy(bytes + at.touches + sizeof ends * (size_t)cell, ends, sizeof ends);
    }
    memset(bytes + at.marks, 0, at.total - at.marks);
    for (int i = 0; i < lp->size; i++) {
        const uint32_t id = lp->columns->id[lp->basic[i]];
        const uint16_t row = (uint16_t)lp->active[i];
        memcpy(bytes + at.ids + sizeof id * (size_t)i, &id, sizeof id);
        memcpy(bytes + at.rows + sizeof row * (size_t)i, &row, sizeof row);
        bytes[at.states + (size_t)i] = lp->state[lp->active[i]];
    }
    for (int cell = 0; cell < lp->cells; cell++)
        if (lp->state[lp->jensen0 + cell] == MB_ABOVE)
            bytes[at.marks + (size_t)(cell / 8)] |= (unsigned char)(1u << (cell % 8));
    search->heap_bytes += sizeof(mb_node) + at.total;
    if (search->heap_bytes > search->peak_bytes) search->peak_bytes = search->heap_bytes;
    return node;
}

void mb_node_free(mb_search *search, mb_node *node) {
    search->heap_bytes -= sizeof(mb_node) + layout_of(search, node->size).total;
    core_free(node);
}

void mb_node_box(const mb_search *search, const mb_node *node, double *lower, double *upper) {
    for (int cell = 0; cell < search->instance.cells; cell++) {
        float ends[2];
        memcpy(ends, node->bytes + sizeof ends * (size_t)cell, sizeof ends);
        lower[cell] = ends[0] > 0.0f ? (double)ends[0] : 0.0;
        upper[cell] = ends[1];
    }
}

/* The touching intervals that a node was stored with; the whole curve where none are kept. */
void mb_node_touches(const mb_search *search, const mb_node *node, double *from, double *to) {
    const layout at = layout_of(search, node->size);
    for (int cell = 0; cell < search->instance.cells; cell++) {
        float ends[2] = {0.0f, 1.0f};
        if (search->settings.sharpening)
            memcpy(ends, node->bytes + at.touches + sizeof ends * (size_t)cell, sizeof ends);
        from[cell] = ends[0];
        to[cell] = ends[1];
    }
}

/* Jensen rows on the curve itself, whatever the box. */
void mb_whole_curves(mb_search *search) {
    for (int cell = 0; cell < search->instance.cells; cell++) {
        search->touch_from[cell] = 0.0;
        search->touch_to[cell] = 1.0;
    }
}

/* Give the node's linear program the basis (and the touching intervals) that the node was stored with. */
int mb_node_basis(mb_search *search, const mb_node *node) {
    mb_simplex *lp = &search->node_lp;
    const layout at = layout_of(search, node->size);
    mb_simplex_cold(lp);
    mb_node_touches(search, node, search->touch_from, search->touch_to);
    for (int i = 0; i < node->size; i++) {
        uint32_t id;
        uint16_t row;
        memcpy(&id, node->bytes + at.ids + sizeof id * (size_t)i, sizeof id);
        memcpy(&row, node->bytes + at.rows + sizeof row * (size_t)i, sizeof row);
        if (search->columns.position[id] < 0) {
            const int entered = mb_columns_enter(&search->columns, id);
            if (entered < 0) return MB_NO_MEMORY;
            mb_simplex_new_column(lp, entered);
            mb_simplex_new_column(&search->vertex_lp, entered);
        }
        const int position = search->columns.position[id];
        lp->basic[i] = position;
        lp->basic_place[position] = i;
        lp->active[i] = row;
        lp->active_place[row] = i;
        lp->state[row] = node->bytes[at.states + (size_t)i];
    }
    lp->size = node->size;
    for (int cell = 0; cell < lp->cells; cell++)
        if (node->bytes[at.marks + (size_t)(cell / 8)] >> (cell % 8) & 1) lp->state[lp->jensen0 + cell] = MB_ABOVE;
    return 0;
}

static int comes_first(const mb_node *a, const mb_node *b) {
    return a->bound < b->bound || (a->bound == b->bound && a->order < b->order);
}

int mb_heap_push(mb_search *search, mb_node *node) {
    if (search->heap_size == search->heap_capacity) {
        const size_t capacity = search->heap_capacity ? 2 * search->heap_capacity : 256;
        mb_node **heap = core_realloc(search->heap, sizeof(mb_node *) * capacity);
        if (!heap) return MB_NO_MEMORY;
        search->heap = heap;
        search->heap_capacity = capacity;
    }
    size_t at = search->heap_size++;
    while (at > 0 && comes_first(node, search->heap[(at - 1) / 2])) {
        search->heap[at] = search->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    search->heap[at] = node;
    return 0;
}

int mb_stack_push(mb_search *search, mb_node *node) {
    if (search->stack_size == search->stack_capacity) {
        const size_t capacity = search->stack_capacity ? 2 * search->stack_capacity : 64;
        mb_node **stack = core_realloc(search->stack, sizeof(mb_node *) * capacity);
        if (!stack) return MB_NO_MEMORY;
        search->stack = stack;
        search->stack_capacity = capacity;
    }
    search->stack[search->stack_size++] = node;
    return 0;
}

mb_node *mb_heap_pop(mb_search *search) {
    mb_node *top = search->heap[0], *last = search->heap[--search->heap_size];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= search->heap_size) break;
        if (child + 1 < search->heap_size && comes_first(search->heap[child + 1], search->heap[child])) child++;
        if (!comes_first(search->heap[child], last)) break;
        search->heap[at] = search->heap[child];
        at = child;
    }
    if (search->heap_size) search->heap[at] = last;
    return top;
}
