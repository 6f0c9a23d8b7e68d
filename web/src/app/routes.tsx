// Every address of the planner.

import { createBrowserRouter } from "react-router";

import { NotFound } from "../pages/NotFound.tsx";
import { WeekPage } from "../pages/WeekPage.tsx";
import { Broken } from "./Broken.tsx";
import { Shell } from "./Shell.tsx";

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
              { path: "classes/:id", lazy: async () => ({ Component: (await import("../pages/ClassDialog.tsx")).ClassDialog }) },
            ],
          },
          { path: "coaches/:id?", lazy: async () => ({ Component: (await import("../pages/CoachesPage.tsx")).CoachesPage }) },
          { path: "plans/:id?", lazy: async () => ({ Component: (await import("../pages/PlansPage.tsx")).PlansPage }) },
          { path: "moves/:id?", lazy: async () => ({ Component: (await import("../pages/MovesPage.tsx")).MovesPage }) },
          { path: "*", Component: NotFound },
        ],
      },
    ],
  },
]);
