// Where the planner is: at the root, or below a path that the server or a proxy before it has chosen.

// Within `new URL` Vite takes it for the name of a file that belongs into the build.
const file = import.meta.url;

/**
 * Ends with a slash. A build knows it by where its own file, in `assets/`, came from; a development server is at the
 * root.
 */
export const base = import.meta.env.DEV ? "/" : new URL("..", file).pathname;

/** What belongs to a planner alone, where several are below one host. */
export const named = (name: string) => (base === "/" ? name : `${name}${base}`);
