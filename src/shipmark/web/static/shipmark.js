// Comforts only: every page works without these modules.
import "./menus.js";
import "./times.js";
import "./copying.js";
import "./forms.js";
import "./selection.js";
import "./keys.js";
import "./palette.js";
import "./presses.js";
import "./avatars.js";
import "./key_list.js";
import "./live.js";
import "./tabs.js";
import "./tips.js";
import "./combobox.js";
