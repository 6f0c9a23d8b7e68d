/**
 * Gives focus to something once a dialog that has just closed has tried to give it back: what opened the dialog may be gone,
 * and then focus would be nowhere.
 */
export function focusLater(find: () => HTMLElement | null) {
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => {
    if (document.activeElement === document.body || !document.activeElement?.isConnected) find()?.focus({ preventScroll: true });
  })));
}
