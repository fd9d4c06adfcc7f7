// Sign-up and sign-in: the photo that is kept until the person is in, and passwords that can be shown.
import { wireShowPassword } from "./entrance/show_password";
import { find, need } from "./lib/dom";
import { peekStoredPhotos } from "./upload/stored_photos";

/** Shows the photo chosen on the home page, so that nobody fears to have lost it. */
async function showKeptPhoto(figure: HTMLElement): Promise<void> {
  const photo = (await peekStoredPhotos())[0];
  if (!photo) return;
  const image = need<HTMLImageElement>("img", figure);
  image.addEventListener("error", () => image.remove()); // a format that only the server can decode
  image.src = URL.createObjectURL(photo);
  figure.hidden = false;
}

const kept = find("[data-kept-photo]");
if (kept) void showKeptPhoto(kept);
wireShowPassword();
