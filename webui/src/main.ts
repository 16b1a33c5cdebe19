import { mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import App from "./App.svelte";
import { link } from "./links/link.svelte";
import { theme } from "./theme.svelte";

theme.follow();
link.take();
const target = document.getElementById("app");
if (target) mount(App, { target });
