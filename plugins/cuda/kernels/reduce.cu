/**
 * x [outer, length, inner] -> y [outer, inner]: a reduction along `length`, in two launches where one would leave the device idle.
 * IN, VALUE, OUT: types of x, of what is put together, and of y. LOAD(x, row): a VALUE of a number; INIT: the neutral VALUE;
 * COMBINE(a, b): two of them in the order of their rows; STORE(value, scale): an OUT. The order of additions depends on the shape only.
 */
#include "tree.cuh"

#ifdef ARGUMENT
/** The best number so far and where it is. */
struct Best {
  IN number;
  int row;
};
__device__ inline Best better(Best a, Best b) {
  const bool second = b.row >= 0 && (a.row < 0 || BETTER(b.number, a.number) || (b.number == a.number && b.row < a.row));
  return second ? b : a;
}
#endif

struct Pair {
  static __device__ inline VALUE of(VALUE a, VALUE b) { return COMBINE(a, b); }
};

/** First reduces the rows of each thread, then the rows of the block. */
template <class From, class Load> __device__ inline VALUE reduceBlock(const From *x, const Shape3 &shape, const Team &team, const Place &place, VALUE *shared, Load load) {
  VALUE value = INIT;
  if (place.inside)
    for (i64 row = place.begin + place.row; row < place.end; row += team.rows)
      value = COMBINE(value, load(x[(place.line * shape.length + row) * shape.inner + place.column], row));
  return reduceRows<VALUE, Pair>(value, team, place.row, shared);
}

struct LoadNumber {
  __device__ inline VALUE operator()(IN number, i64 row) const { return LOAD(number, row); }
};
struct LoadValue {
  __device__ inline VALUE operator()(VALUE value, i64 row) const { return value; }
};

/** One launch of all: y = the reduction. */
KERNEL void reduce(const IN *x, OUT *y, const Shape3 shape, const Team team, float scale) {
  __shared__ VALUE shared[THREADS];
  const Place place = placeOf(shape, team);
  const VALUE value = reduceBlock(x, shape, team, place, shared, LoadNumber());
  if (place.inside && place.row == 0) y[place.line * shape.inner + place.column] = STORE(value, scale);
}

/** The first of two launches: partial [outer, pieces, inner]. */
KERNEL void pieces(const IN *x, VALUE *partial, const Shape3 shape, const Team team) {
  __shared__ VALUE shared[THREADS];
  const Place place = placeOf(shape, team);
  const VALUE value = reduceBlock(x, shape, team, place, shared, LoadNumber());
  if (place.inside && place.row == 0) partial[(place.line * team.pieces + place.piece) * shape.inner + place.column] = value;
}

/** The second: their reduction. The shape is that of `partial`. */
KERNEL void join(const VALUE *partial, OUT *y, const Shape3 shape, const Team team, float scale) {
  __shared__ VALUE shared[THREADS];
  const Place place = placeOf(shape, team);
  const VALUE value = reduceBlock(partial, shape, team, place, shared, LoadValue());
  if (place.inside && place.row == 0) y[place.line * shape.inner + place.column] = STORE(value, scale);
}
