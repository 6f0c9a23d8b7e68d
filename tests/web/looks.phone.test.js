// What it looks like in a hand.

import { looks } from "./support/looks.js";
import { phone } from "./support/window.js";

looks(phone);
