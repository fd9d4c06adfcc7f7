/** A button in each password field that shows what was typed. */
import { all } from "../lib/dom";

export function wireShowPassword(): void {
  for (const input of all<HTMLInputElement>('input[type="password"]')) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "show-password";
    button.setAttribute("aria-controls", input.id);
    const show = (shown: boolean): void => {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? "Hide" : "Show";
      button.setAttribute("aria-label", shown ? "Hide the password" : "Show the password");
    };
    button.addEventListener("click", () => show(input.type === "password"));
    input.form?.addEventListener("submit", () => show(false)); // browsers offer to save only hidden passwords
    const hadFocus = document.activeElement === input; // an element that is moved loses it
    const box = document.createElement("div");
    box.className = "password-box";
    input.replaceWith(box);
    box.append(input, button);
    show(false);
    if (hadFocus) input.focus();
  }
}
