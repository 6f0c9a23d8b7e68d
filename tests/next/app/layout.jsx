export const metadata = { title: "Coaches", icons: "data:," };

export default ({ children }) => (
  <html lang="en">
    <body>{children}</body>
  </html>
);
