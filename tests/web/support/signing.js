// Sign-in as a user of the sample data.

export async function signIn(window, username, password = `${username}_password`) {
  await window.button("Account: not signed in").click();
  await window.role("menuitem", "Sign in").click();
  const dialog = window.dialog("Sign in");
  await enter(window, dialog, username, password);
  await window.misses(dialog);
  await window.sees(window.button(/^Account: (?!not)/));
}

export async function enter(window, place, username, password) {
  await place.getByRole("textbox", { name: "Username" }).fill(username);
  await place.getByRole("textbox", { name: "Password" }).fill(password);
  await place.getByRole("button", { name: "Sign in" }).click();
}
