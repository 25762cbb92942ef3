/**
 * Moves a slider of any value by 0.1 with the keyboard, where some browsers take steps of a hundredth of its length and
 * others none.
 */
export function stepByKeys(moved: (event: Event) => void): (event: Event) => void {
  const directions: Record<string, number> = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1};
  return (event) => {
    const direction = directions[(event as KeyboardEvent).key];
    if (direction === undefined) return;
    const input = event.target as HTMLInputElement;
    input.valueAsNumber = Math.round((input.valueAsNumber + direction * 0.1) * 10) / 10;
    event.preventDefault();
    moved(event);
  };
}
