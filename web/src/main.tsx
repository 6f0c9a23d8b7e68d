import "@fontsource-variable/bricolage-grotesque";
import "@fontsource-variable/figtree";
import "./style/tokens.css";
import "./style/base.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router/dom";

import { fetchPages, router } from "./app/routes.tsx";
import { applyTheme } from "./app/theme.ts";

// Browsers read a relative address of the icon anew from each address that the planner goes to.
const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
icon?.setAttribute("href", icon.href);

applyTheme();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <RouterProvider router={router} />
    </StrictMode>,
  );
}

addEventListener("load", () => setTimeout(fetchPages, 500));
