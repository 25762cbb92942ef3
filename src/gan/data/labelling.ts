/** What a source says of its labels, also where some items have none, or several. */
export interface Labelling {
  /** Of the classes; the position is the class. */
  names: readonly string[];
  /** `one`: an item is of one class at most; `several`: it has any number of them, its attributes. */
  each: 'one' | 'several';
  /** The classes of an item; undefined: nobody has said. */
  of(index: number): readonly number[] | undefined;
}
