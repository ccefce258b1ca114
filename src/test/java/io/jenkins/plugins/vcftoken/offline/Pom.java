package io.jenkins.plugins.vcftoken.offline;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** A POM as it is written, with its own properties put in. */
final class Pom {

    private final Document document;
    private final XPath xpath = XPathFactory.newInstance().newXPath();

    /** @param file below the root of the repository */
    Pom(String file) throws Exception {
        document = DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(Path.of(file).toFile());
    }

    String text(String path) throws XPathExpressionException {
        String text = xpath.evaluate(path, document);
        for (Map.Entry<String, String> property : properties().entrySet()) {
            text = text.replace("${" + property.getKey() + "}", property.getValue());
        }
        return text.replace("${project.artifactId}", xpath.evaluate("/project/artifactId", document));
    }

    List<String> texts(String path) throws XPathExpressionException {
        return elements(path).map(Element::getTextContent).toList();
    }

    Map<String, String> properties() throws XPathExpressionException {
        Map<String, String> properties = new TreeMap<>();
        elements("/project/properties/*").forEach(e -> properties.put(e.getTagName(), e.getTextContent()));
        return properties;
    }

    private Stream<Element> elements(String path) throws XPathExpressionException {
        NodeList nodes = (NodeList) xpath.evaluate(path, document, XPathConstants.NODESET);
        return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i));
    }
}
