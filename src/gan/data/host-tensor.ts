/** One item or many, flat: `Uint8Array` holds pixel bytes 0..255, `Float32Array` values that are used as they are. */
export type HostData = Float32Array | Uint8Array;

/** A tensor on the host, NHWC. Bytes are normalised later, by `Normalization`; floats are used as they are. */
export interface HostTensor {
  data: HostData;
  shape: number[];
}

/** Images of 16 bits on the host, NHWC: values 0..65535. */
export interface DeepTensor {
  data: Uint16Array;
  shape: number[];
}
