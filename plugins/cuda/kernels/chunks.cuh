#pragma once
#include "common.cuh"

/** Numbers that a block takes of a list of arrays: a chunk of one of them. */
#define CHUNK 4096

/** The item of a list that a chunk belongs to: the last one that does not begin after it. Lists have `item`s with their `firstChunk`. */
template <class List> __device__ inline int itemOf(const List &list, i64 chunk) {
  int low = 0, high = (int)list.length;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (list.item[middle].firstChunk <= chunk) low = middle;
    else high = middle;
  }
  return low;
}

/** The numbers of a chunk. */
struct Span {
  i64 begin, end;
};
template <class Item> __device__ inline Span spanOf(const Item &item, i64 chunk) {
  const i64 begin = (chunk - item.firstChunk) * CHUNK;
  return {begin, begin + CHUNK < item.count ? begin + CHUNK : item.count};
}
