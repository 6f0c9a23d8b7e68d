import { useEffect } from "react";

/** Names the page in the tab and for screen readers; undefined leaves it to somebody further in. */
export function useTitle(title: string | undefined) {
  useEffect(() => {
    if (title !== undefined) document.title = `${title} · Rowcast Planner`;
  }, [title]);
}
