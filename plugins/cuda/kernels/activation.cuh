#pragma once
#include "common.cuh"

/** A (leaky) ReLU: `slope` z below 0. A slope of 0 makes 0 of minus infinity, too; NaN stays. */
__device__ inline float activated(float z, float slope) { return z < 0.f ? slope == 0.f ? 0.f : z * slope : z; }
