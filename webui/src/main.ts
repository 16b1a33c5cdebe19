import { mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import App from "./App.svelte";
import { theme } from "./theme.svelte";
import { undo } from "./undo/undo.svelte";
import { unlock } from "./unlock/unlock.svelte";

theme.follow();
undo.take();
unlock.take();
const target = document.getElementById("app");
if (target) mount(App, { target });
