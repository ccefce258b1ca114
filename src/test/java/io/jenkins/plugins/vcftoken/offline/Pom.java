package io.jenkins.plugins.vcftoken.offline;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** A POM without inheritance; {@link #text} substitutes its own properties. */
final class Pom {

    private final Document document;
    private final XPath xpath = XPathFactory.newInstance().newXPath();

    /** @param file path below the root of the repository */
    Pom(String file) {
        this(new InputSource(Path.of(file).toUri().toString()));
    }

    private Pom(InputSource source) {
        try {
            document = DocumentBuilderFactory.newDefaultInstance()
                    .newDocumentBuilder()
                    .parse(source);
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static Pom parse(String xml) {
        return new Pom(new InputSource(new StringReader(xml)));
    }

    String text(String path) {
        String text = evaluate(path);
        for (Map.Entry<String, String> property : properties().entrySet()) {
            text = text.replace("${" + property.getKey() + "}", property.getValue());
        }
        return text.replace("${project.artifactId}", evaluate("/project/artifactId"));
    }

    List<String> texts(String path) {
        return elements(path).map(Element::getTextContent).toList();
    }

    Map<String, String> properties() {
        Map<String, String> properties = new TreeMap<>();
        elements("/project/properties/*").forEach(e -> properties.put(e.getTagName(), e.getTextContent()));
        return properties;
    }

    private String evaluate(String path) {
        try {
            return xpath.evaluate(path, document);
        } catch (XPathExpressionException e) {
            throw new IllegalArgumentException(path, e);
        }
    }

    private Stream<Element> elements(String path) {
        NodeList nodes;
        try {
            nodes = (NodeList) xpath.evaluate(path, document, XPathConstants.NODESET);
        } catch (XPathExpressionException e) {
            throw new IllegalArgumentException(path, e);
        }
        return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i));
    }
}
