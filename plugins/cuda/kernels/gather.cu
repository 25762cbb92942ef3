/**
 * Rows of a table by their numbers: x [batch, outer, rows, inner], indices [batch, picks] -> y [batch, outer, picks, inner]. A
 * row that there is not is zeros. NUMBER: a type of the size of the tensors' numbers.
 */
#include "common.cuh"

KERNEL void gather(const NUMBER *x, const int *indices, NUMBER *y, i64 batch, i64 outer, i64 rows, i64 picks, i64 inner) {
  const i64 count = batch * outer * picks * inner;
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const i64 column = i % inner, line = i / inner;
    const i64 pick = line % picks, block = line / picks; // block: of batch and outer
    const i64 row = indices[block / outer * picks + pick];
    y[i] = row >= 0 && row < rows ? x[(block * rows + row) * inner + column] : (NUMBER)0;
  }
}
