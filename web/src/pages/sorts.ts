/** A negative id is of a row that the server has not numbered yet, so it is newer than all others. */
export const newest = (a: number, b: number) => (a < 0 || b < 0 ? a - b : b - a);
