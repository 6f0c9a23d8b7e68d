// Every address of the planner.

import { createBrowserRouter } from "react-router";

import { NotFound } from "../pages/NotFound.tsx";
import { WeekPage } from "../pages/WeekPage.tsx";
import { base } from "./base.ts";
import { Broken } from "./Broken.tsx";
import { Shell } from "./Shell.tsx";

/** Pages that come in files of their own. */
const pages = {
  classDialog: async () => ({ Component: (await import("../pages/ClassDialog.tsx")).ClassDialog }),
  coaches: async () => ({ Component: (await import("../pages/CoachesPage.tsx")).CoachesPage }),
  plans: async () => ({ Component: (await import("../pages/PlansPage.tsx")).PlansPage }),
  moves: async () => ({ Component: (await import("../pages/MovesPage.tsx")).MovesPage }),
};

/** Fetches them all while there is a server to fetch from: the planner goes on when it is away. */
export function fetchPages() {
  for (const page of Object.values(pages)) page().catch(() => undefined);
}

export const router = createBrowserRouter([
  {
    Component: Shell,
    ErrorBoundary: Broken,
    HydrateFallback: () => null,
    children: [
      {
        ErrorBoundary: Broken,
        children: [
          {
            Component: WeekPage,
            children: [
              { index: true, element: null },
              { path: "classes/:id", lazy: pages.classDialog },
            ],
          },
          { path: "coaches/:id?", lazy: pages.coaches },
          { path: "plans/:id?", lazy: pages.plans },
          { path: "moves/:id?", lazy: pages.moves },
          { path: "*", Component: NotFound },
        ],
      },
    ],
  },
], { basename: base });
