import type { ReactNode } from "react";

export interface FormProps<R> {
  /** What is edited; undefined for a row to be. */
  row: R | undefined;
  /** Beside the button that saves. */
  aside?: ReactNode;
  onDone: (outcome: { id: number; queued: boolean }) => void;
}
