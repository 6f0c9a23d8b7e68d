import { useEffect } from "react";

/** Sets the title for the tab and for screen readers; undefined leaves it to a nested component. */
export function useTitle(title: string | undefined) {
  useEffect(() => {
    if (title !== undefined) document.title = `${title} · Rowcast Planner`;
  }, [title]);
}
