#pragma once
#include "common.cuh"

/**
 * How a block's THREADS share the work on x seen as [outer, length, inner]: some columns of `inner`, some rows of `length`, and what is
 * left as lines of `outer`. Neighbouring threads read neighbouring numbers. `rows` is a power of 2; threads beyond columns * rows * lines idle.
 */
struct Shape3 {
  i64 outer, length, inner;
};
struct Team {
  i64 columns, rows, lines;
  /** Number of pieces into which `length` is cut. The results of the pieces are reduced again. */
  i64 pieces;
};

/** The place of a thread: its column of `inner`, its first row and the end of its piece, its line of `outer`. */
struct Place {
  i64 column, line, begin, end;
  i64 piece;
  int row;
  bool inside;
};

/** Blocks: x along the columns first and then the lines, y the pieces. */
__device__ inline Place placeOf(const Shape3 &shape, const Team &team) {
  const int thread = threadIdx.x;
  const int line = thread / (int)(team.columns * team.rows);
  const i64 across = (shape.inner + team.columns - 1) / team.columns; // blocks side by side
  Place place;
  place.row = thread / (int)team.columns % (int)team.rows;
  place.column = blockIdx.x % across * team.columns + thread % team.columns;
  place.line = blockIdx.x / across * team.lines + line;
  place.piece = blockIdx.y;
  const i64 each = (shape.length + team.pieces - 1) / team.pieces;
  place.begin = place.piece * each;
  place.end = place.begin + each < shape.length ? place.begin + each : shape.length;
  place.inside = line < team.lines && place.column < shape.inner && place.line < shape.outer;
  return place;
}

/**
 * The results of a column's rows put together, pairwise in a fixed order; row 0 has it. All threads of the block come here.
 * `Pair` has a static function `of` for two values.
 */
template <class Value, class Pair> __device__ inline Value reduceRows(Value value, const Team &team, int row, Value *shared) {
  const int thread = threadIdx.x;
  shared[thread] = value;
  for (int half = (int)team.rows / 2; half > 0; half /= 2) {
    __syncthreads();
    if (row < half && thread + half * (int)team.columns < THREADS) shared[thread] = Pair::of(shared[thread], shared[thread + half * (int)team.columns]);
  }
  return shared[thread];
}
