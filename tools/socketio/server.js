// What `bench socket` compares with: socket.io with its websocket transport, 50 messages a second to all in one room.
// It prints its port, and begins once its standard input is closed.
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const [perSecond, seconds] = process.argv.slice(2).map(Number);
const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
io.on("connection", (socket) => socket.join("room"));
http.listen(0, "127.0.0.1", () => console.log(http.address().port));

process.stdin.resume();
process.stdin.on("end", () => {
  let position = 0;
  const text = "A message of a usual length, as people write them in a room.";
  const timer = setInterval(() => {
    position += 1;
    const author = { user_id: "1100000000000000001", name: "Ada", avatar: null };
    io.to("room").emit("shout", { position, sent_ms: Date.now(), author, text });
    if (position >= perSecond * seconds) clearInterval(timer);
  }, 1000 / perSecond);
});
