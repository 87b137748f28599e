// The npm "ws" server, having the same conversation as the tests have with Kestrel: see WireConversationTests.cs.
// Started with the path of a folder that holds key.pem and cert.pem, or with nothing for a server without TLS. Prints its port, then one line a connection that ended.
import { createServer as createSecure } from 'node:https';
import { createServer as createPlain } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';

const folder = process.argv[2];
const http = folder
  ? createSecure({ key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) })
  : createPlain();
const server = new WebSocketServer({ server: http, perMessageDeflate: true });

const content = (number, length) => Buffer.from(Array.from({ length }, (_, i) => 32 + ((number * 31 + i * 7) % 95)));

server.on('connection', socket => {
  socket.on('pong', payload => socket.send(`pong ${payload}`));
  socket.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
  socket.on('error', error => console.log(`error ${error.message}`));
  socket.on('message', (data, isBinary) => {
    const words = isBinary ? ['echo'] : data.toString().split(' ');
    switch (words[0]) {
      case 'lengths': // Text and binary messages of each length, some of them in three parts with pings between.
        words.slice(1).map(Number).forEach((length, number) => {
          const bytes = content(number, length);
          const binary = number % 2 === 1;
          if (number % 3 !== 2) {
            socket.send(bytes, { binary });
          } else {
            const third = Math.floor(length / 3);
            socket.send(bytes.subarray(0, third), { binary, fin: false });
            socket.ping();
            socket.send(bytes.subarray(third, 2 * third), { fin: false });
            socket.ping();
            socket.send(bytes.subarray(2 * third), { fin: true });
          }
        });
        break;
      case 'ping': socket.ping(words[1]); break;
      case 'close': socket.close(Number(words[1]), words[2]); break;
      case 'vanish': socket.terminate(); break;
      default: socket.send(data, { binary: isBinary }); break;
    }
  });
});

http.listen(0, '127.0.0.1', () => console.log(http.address().port));
process.stdin.on('end', () => process.exit(0)).resume(); // It ends with the test that started it.
