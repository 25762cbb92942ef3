/** What the MPI libraries differ in where a program calls them without a compiler: handles, constants, structures. */

export type FamilyName = 'openmpi' | 'mpich' | 'abi';

/** A handle: the address of an object, or a number. */
export type Handle = number | bigint;

/** Everything of mpi.h that this package uses. */
export interface Family {
  name: FamilyName;
  /** C type of handles, for koffi. */
  handle: 'int' | 'void *';
  /** MPI_IN_PLACE. */
  inPlace: bigint;
  /** MPI_THREAD_MULTIPLE, and the names of all levels. */
  multiple: number;
  levels: Readonly<Record<number, string>>;
  handles: Readonly<Record<HandleName, Handle | string>>;
}

type HandleName = 'world' | 'float' | 'byte' | 'sum' | 'max' | 'errorsReturn';

const classicLevels = {0: 'single', 1: 'funneled', 2: 'serialized', 3: 'multiple'};

/**
 * Handles that are texts are names of symbols, whose addresses are the handles.
 *
 * Sources: mpi.h of Open MPI 4.1; mpi.h of MPICH 4.0, whose numbers Intel MPI, MVAPICH and Cray MPICH share (the MPICH
 * ABI initiative); chapter 20 of MPI 5.0, the standard ABI.
 */
export const families: Readonly<Record<FamilyName, Family>> = {
  openmpi: {
    name: 'openmpi',
    handle: 'void *',
    inPlace: 1n,
    multiple: 3,
    levels: classicLevels,
    handles: {
      world: 'ompi_mpi_comm_world',
      float: 'ompi_mpi_float',
      byte: 'ompi_mpi_byte',
      sum: 'ompi_mpi_op_sum',
      max: 'ompi_mpi_op_max',
      errorsReturn: 'ompi_mpi_errors_return',
    },
  },
  mpich: {
    name: 'mpich',
    handle: 'int',
    inPlace: -1n,
    multiple: 3,
    levels: classicLevels,
    handles: {
      world: 0x44000000,
      float: 0x4c00040a,
      byte: 0x4c00010d,
      sum: 0x58000003,
      max: 0x58000001,
      errorsReturn: 0x54000001,
    },
  },
  abi: {
    name: 'abi',
    handle: 'void *',
    inPlace: 1n,
    multiple: 4096,
    levels: {0: 'single', 1024: 'funneled', 2048: 'serialized', 4096: 'multiple'},
    handles: {world: 0x101n, float: 0x210n, byte: 0x247n, sum: 0x21n, max: 0x23n, errorsReturn: 0x143n},
  },
};

/** What a library says of itself, by what `MPI_Get_library_version` gives; undefined of a stranger. */
export function familyOf(version: string): FamilyName | undefined {
  if (/open mpi|spectrum mpi/i.test(version)) return 'openmpi';
  if (/mpich|intel\(r\) mpi|mvapich|cray/i.test(version)) return 'mpich';
  return undefined;
}
