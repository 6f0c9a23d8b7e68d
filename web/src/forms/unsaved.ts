// Forms on this page that hold what is not saved.

const forms = new Set<() => boolean>();

/** Whether something would be lost with the page as it is. */
export const anythingUnsaved = () => [...forms].some((unsaved) => unsaved());

/** Returns what takes it back. */
export function watchUnsaved(unsaved: () => boolean) {
  forms.add(unsaved);
  return () => void forms.delete(unsaved);
}
