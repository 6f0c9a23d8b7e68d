// What it looks like on a desk.

import { looks } from "./support/looks.js";
import { desktop } from "./support/window.js";

looks(desktop);
