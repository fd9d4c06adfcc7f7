// The home page: passes a chosen photo on to the upload page, and shows a model of ours that turns.

import { wireHero } from "./home/hero";
import { wirePhotos } from "./home/photos";
import { find } from "./lib/dom";

const hero = find("[data-hero]");
if (hero) wireHero(hero);
const drop = find("[data-home-drop]");
if (drop) wirePhotos(drop);
