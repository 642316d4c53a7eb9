import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBRequestHandler;
import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBServerHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * DynamoDB Local in memory, on a free port of the loopback address: its own program listens on every
 * address of the machine, and reports its use to AWS unless told not to.
 *
 * <p>Writes the port as its first line, and ends when its standard input does.
 */
public final class DynamoDbOnLoopback {
  private static final Logger SQLITE = Logger.getLogger("com.almworks.sqlite4java");

  public static void main(String[] arguments) throws Exception {
    SQLITE.setLevel(Level.OFF);
    var requests = new LocalDynamoDBRequestHandler(0, true, null, false, false);
    var server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    server.setHandler(new LocalDynamoDBServerHandler(requests, null));
    server.start();
    System.out.println(((ServerConnector) server.getConnectors()[0]).getLocalPort());
    while (System.in.read() != -1) {
      // Nothing is said to it; only the end matters.
    }
    Runtime.getRuntime().halt(0);
  }
}
